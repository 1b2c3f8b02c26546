/**
 * The public face of authentication and authorization: who sends a request, and what that one may do. Knows nothing
 * of routes; names are those of queues and topics, and `topic/subscription`.
 */
export { type Authentication, openAuthentication } from './authentication.ts';
export { CredentialsError } from './credentials-error.ts';
export { RateLimiter } from './rate-limiter.ts';
export {
  ANONYMOUS,
  isAllowed,
  mayMove,
  maySee,
  maySeeWithin,
  NO_RIGHTS,
  type Principal,
  type RequestRate,
  RIGHTS,
  type Right,
} from './rights.ts';
