import { messageOf } from '../../errors/plain-error';
import { type DdpMessage, parseDDP, stringifyDDP } from '../shared/ddp-message';

/** @returns undefined for a message that holds an EJSON type which can't be read */
export function tryParse(text: string): DdpMessage | null | undefined {
  try {
    return parseDDP(text);
  } catch {
    return undefined;
  }
}

/** An error message that includes the bad message, unless that is nested too deeply to be written again. */
export function errorText(reason: string, offendingMessage: DdpMessage | null): string {
  try {
    return stringifyDDP(offendingMessage ? { msg: 'error', reason, offendingMessage } : { msg: 'error', reason });
  } catch {
    return stringifyDDP({ msg: 'error', reason });
  }
}

const longestShown = 200;

/** One line, even if the client's text has several. */
export function logException(message: unknown, error: unknown): void {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const shown = JSON.stringify(text.slice(0, longestShown));
  console.error(`Internal exception while processing message ${shown}: ${JSON.stringify(messageOf(error))}`);
}
