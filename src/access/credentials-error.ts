/** Why credentials were not accepted. The message is for the client, and repeats nothing of what it sent. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  readonly code: 'unauthorized' | 'unavailable';
  /** Whether the request had credentials at all. */
  readonly werePresented: boolean;

  /** @param code 'unavailable' when they could not be checked now */
  constructor(
    code: 'unauthorized' | 'unavailable',
    message: string,
    { werePresented = true, ...options }: ErrorOptions & { werePresented?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.werePresented = werePresented;
  }
}
