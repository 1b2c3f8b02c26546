/** The schemas of a path without names and of a URL without a query: whatever is sent there is refused as unknown. */
import { z } from 'zod';

export const noParams = z.strictObject({});
export const noQuery = z.strictObject({});
