/** The roles of the console: each may do what the ones after it may. */
export const operatorRoles = ['admin', 'operator', 'viewer'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** The cookie that carries a login's token to uploads and downloads. */
export const loginCookie = 'login';

export const shortestPassword = 8;
/** Meteor takes no longer one. */
export const longestPassword = 256;

/** No mail server takes a longer one. */
const longestEmail = 254;

/** What is wrong with an address, in words for the person who typed it; undefined where nothing is. */
export function emailProblem(email: string): string | undefined {
  if (email === '') return 'Type your e-mail address.';
  if (email.length > longestEmail) return `An address has at most ${longestEmail} characters, not ${email.length}.`;
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(email) ? undefined : 'An address looks like ada@example.com.';
}

/** The same for a new password. The server gets a digest of it only, so that it can't look. */
export function newPasswordProblem(password: string): string | undefined {
  const { length } = password;
  if (length >= shortestPassword && length <= longestPassword) return undefined;
  return `A password has ${shortestPassword} to ${longestPassword} characters, not ${length}.`;
}
