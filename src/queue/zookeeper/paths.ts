/**
 * Where everything lies in ZooKeeper: the only file that spells paths.
 *
 *     /layout                                             version of this layout
 *     /clock                                              written by barriers and to sample the leader's clock
 *     /topics/<name>                                      kind, and the id of the incarnation behind the name
 *     /data/<id>                                          configuration; its version guards every write below
 *     /data/<id>/log/<level>/<segment>                    segment header: ordinals of its start; open, sealed, trimmed
 *                        /<count>.<bytes>.<token>-<seq>   entry: an immutable packed batch of messages
 *     /data/<id>/subscriptions/<name>                     configuration, start position, generation
 *                        /cursor-<generation>/<level>-<segment>   cursor page
 *                        /attempts-<shard>                recent receives that carried an attemptId
 *     /trash/<id>                                         incarnations being removed
 *
 * An id is never used twice, so that nothing late can hit what another incarnation of the same name owns. Nothing a
 * user chooses becomes part of a path but names of the API's grammar, which cannot leave its place.
 */

const SEGMENT_DIGITS = 10;

export const LAYOUT_PATH = '/layout';
export const CLOCK_PATH = '/clock';
export const TOPICS_PATH = '/topics';
export const DATA_PATH = '/data';
export const TRASH_PATH = '/trash';

/** The subscription that every queue has; a queue has no other, so the name needs no place in the API. */
export const QUEUE_SUBSCRIPTION = 'queue';

export const topicPath = (name: string): string => `${TOPICS_PATH}/${name}`;
export const trashPath = (id: string): string => `${TRASH_PATH}/${id}`;
export const dataPath = (id: string): string => `${DATA_PATH}/${id}`;
export const logPath = (id: string): string => `${dataPath(id)}/log`;
export const levelPath = (id: string, level: number): string => `${logPath(id)}/${level}`;
export const segmentPath = (id: string, level: number, segment: number): string =>
  `${levelPath(id, level)}/${String(segment).padStart(SEGMENT_DIGITS, '0')}`;
export const subscriptionsPath = (id: string): string => `${dataPath(id)}/subscriptions`;
export const subscriptionPath = (id: string, name: string): string => `${subscriptionsPath(id)}/${name}`;
export const cursorPath = (id: string, name: string, generation: number): string =>
  `${subscriptionPath(id, name)}/${cursorName(generation)}`;
export const attemptsPath = (id: string, name: string, shard: number): string =>
  `${subscriptionPath(id, name)}/attempts-${shard}`;

/** Name of a generation's cursor below its subscription. */
export const cursorName = (generation: number): string => `cursor-${generation}`;

/** Name of a page below its cursor. */
export const pageName = (level: number, segment: number): string =>
  `${level}-${String(segment).padStart(SEGMENT_DIGITS, '0')}`;

/** The level and segment of a page's name, or undefined for anything else. */
export function parsePageName(name: string): { level: number; segment: number } | undefined {
  const match = /^(\d)-(\d{10})$/.exec(name);
  return match ? { level: Number(match[1]), segment: Number(match[2]) } : undefined;
}
