import { createHash } from 'node:crypto';

/** The cookie that carries a visitor's token to uploads and downloads. */
export const visitorCookie = 'visitor';

const tokenPattern = /^[0-9a-f]{64}$/;

/** Whether it looks like a token of `imports/ui/visitor.ts`: 32 random bytes in hexadecimal. */
export function isVisitorToken(value: unknown): value is string {
  return typeof value === 'string' && tokenPattern.test(value);
}

/** Who owns what the holder of this token makes. The token itself is stored nowhere. */
export function ownerOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The owner that a Cookie header speaks for, or undefined. */
export function ownerOfCookies(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.split('=').map(part => part.trim());
    if (name === visitorCookie && isVisitorToken(value)) return ownerOf(value);
  }
  return undefined;
}
