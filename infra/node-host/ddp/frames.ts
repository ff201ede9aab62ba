import { type DdpMessage, parseDDP } from '../shared/ddp-message';

/** @returns undefined for a message that holds an EJSON type which can't be read */
export function tryParse(text: string): DdpMessage | null | undefined {
  try {
    return parseDDP(text);
  } catch {
    return undefined;
  }
}

/** Says what was wrong with a message, and which it was. */
export const errorMessage = (reason: string, offendingMessage: DdpMessage | null): DdpMessage =>
  offendingMessage ? { msg: 'error', reason, offendingMessage } : { msg: 'error', reason };
