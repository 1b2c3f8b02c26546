/**
 * Where everything lies in ZooKeeper: the only file that spells paths.
 *
 *     /layout                                        version of this layout
 *     /clock                                         written by barriers and to sample the leader's clock
 *     /topics/<name>                                 kind, and the id of the incarnation behind the name
 *     /data/<id>                                     configuration; its version guards every write below
 *        /log/<level>/<segment>                      segment header: ordinals of its start; open, sealed, trimmed
 *             /<count>.<bytes>.<token>-<seq>         entry: an immutable packed batch of messages
 *        /subscriptions                              set whenever one is made, deleted or started anew (topics)
 *             /<name>                                configuration, start position, generation
 *        /cursors/<name>~<generation>                a generation's cursor
 *             /<level>-<segment>                     page: who leases what in that segment
 *             /attempts-<shard>                      recent receives that carried an attemptId
 *             /turn                                  the gateway that last asked for a turn, and how long it needs
 *        /scheduled                                  how many messages wait for their time, and when the next is due
 *             /<epoch>/<hour>/<minute>/<due>.…-<seq> entry of messages due at one instant
 *        /holes                                      segments trimmed while others before them are not
 *        /admission                                  changed by every publish that comes near a limit
 *        /dedup/<width>-<number>/<shard>/<hash>      ids of messages published lately with a dedupId
 *        /sources/<id>~<subscription>                subscriptions whose dead letters come here
 *     /transactions/<width>-<number>/<shard>/<hash>  answers of recent transactions with a transactionId
 *     /trash/<id>, /trash/<id>~<cursor>              incarnations and cursors being removed
 *
 * An id is never used twice, nor a cursor's generation, so that nothing late can hit what came after it. Of what a
 * user chooses only names of the API's grammar become part of a path, which cannot leave their place; free-form texts
 * are hashed. `~` is in no name.
 */

const SEGMENT_DIGITS = 10;

export const LAYOUT_PATH = '/layout';
export const CLOCK_PATH = '/clock';
export const TOPICS_PATH = '/topics';
export const DATA_PATH = '/data';
export const TRANSACTIONS_PATH = '/transactions';
export const TRASH_PATH = '/trash';

/** All that lies directly below the chroot. */
export const TOP_PATHS = [LAYOUT_PATH, CLOCK_PATH, TOPICS_PATH, DATA_PATH, TRANSACTIONS_PATH, TRASH_PATH];

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

export const cursorsPath = (id: string): string => `${dataPath(id)}/cursors`;
export const cursorPath = (id: string, name: string, generation: number): string =>
  `${cursorsPath(id)}/${cursorName(name, generation)}`;
export const cursorName = (name: string, generation: number): string => `${name}~${generation}`;
export const attemptsPath = (cursor: string, shard: number): string => `${cursor}/attempts-${shard}`;
/** Compared by claims that keep an order over several levels. */
export const ORDER_NAME = 'order';
export const orderPath = (cursor: string): string => `${cursor}/${ORDER_NAME}`;
/** Who asks the others for a turn: see `cursor/turn-request.ts`. */
export const turnPath = (cursor: string): string => `${cursor}/turn`;
export const trashedCursorPath = (id: string, cursor: string): string => `${TRASH_PATH}/${id}~${cursor}`;

/** What a name in the trash stands for. */
export function parseTrashName(name: string): { id: string; cursor?: string } {
  const at = name.indexOf('~');
  return at < 0 ? { id: name } : { id: name.slice(0, at), cursor: name.slice(at + 1) };
}

export const scheduledPath = (id: string): string => `${dataPath(id)}/scheduled`;
export const holesPath = (id: string): string => `${dataPath(id)}/holes`;
export const admissionPath = (id: string): string => `${dataPath(id)}/admission`;
export const dedupPath = (id: string): string => `${dataPath(id)}/dedup`;
export const sourcesPath = (id: string): string => `${dataPath(id)}/sources`;
export const sourcePath = (id: string, sourceId: string, subscription: string): string =>
  `${sourcesPath(id)}/${sourceId}~${subscription}`;

/** The incarnation and subscription behind a name below `sourcesPath`. */
export function parseSourceName(name: string): { id: string; subscription: string } {
  const at = name.indexOf('~');
  return { id: name.slice(0, at), subscription: name.slice(at + 1) };
}

/** Name of a page below its cursor. */
export const pageName = (level: number, segment: number): string =>
  `${level}-${String(segment).padStart(SEGMENT_DIGITS, '0')}`;

/** The level and segment of a page's name, or undefined for anything else. */
export function parsePageName(name: string): { level: number; segment: number } | undefined {
  const match = /^(\d)-(\d{10})$/.exec(name);
  return match ? { level: Number(match[1]), segment: Number(match[2]) } : undefined;
}
