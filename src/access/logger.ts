/** What of a logger authentication uses. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}
