/** The media types of CloudEvents in JSON, and what a media type says of an event's data. */

export const EVENT = 'application/cloudevents+json';
export const EVENT_BATCH = 'application/cloudevents-batch+json';

/** JSON format, section 3.1: data of such a type is shown as JSON, not as a string. */
export function declaresJson(mediaType: string): boolean {
  return /[/+]json$/.test(mediaType);
}
