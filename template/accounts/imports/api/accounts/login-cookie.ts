import { createHash } from 'node:crypto';
import { Meteor } from 'meteor/meteor';
import { loginCookie } from './schema';

/** A login's token, as both hosts make them. */
const tokenPattern = /^[\w-]{20,100}$/;

/**
 * The user whom a Cookie header speaks for, or undefined: uploads and downloads are no DDP. Accounts removes a token where
 * its login ends or expires.
 */
export async function ownerOfCookies(header: string | undefined): Promise<string | undefined> {
  const token = tokenIn(header);
  if (!token) return undefined;
  const hashedToken = createHash('sha256').update(token).digest('base64');
  const selector = { 'services.resume.loginTokens.hashedToken': hashedToken };
  const user = await Meteor.users.findOneAsync(selector, { fields: { _id: 1 } });
  return user?._id;
}

export function tokenIn(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value = ''] = pair.split('=').map(part => part.trim());
    if (name === loginCookie && tokenPattern.test(value)) return value;
  }
  return undefined;
}
