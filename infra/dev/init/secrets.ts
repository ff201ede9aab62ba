import { randomBytes, randomInt } from 'node:crypto';
import type { Edits } from '../edits';

const secret = () => randomBytes(32).toString('hex');

/**
 * Secrets that nobody else has, the same ones for both roles: what the web role signs, the jobs role runs.
 *
 * @returns the operator's token, for the person who will log in with it.
 */
export function freshSecrets(edits: Edits): string {
  const [link, queue, operator, metrics] = [secret(), secret(), secret(), secret()];
  for (const role of ['web', 'jobs']) {
    edits.json(`settings-${role}.json`, (settings: Record<string, object>) => {
      settings.queue = { ...settings.queue, signingKey: queue };
      settings.link = { ...settings.link, secret: link };
      settings.console = { ...settings.console, operatorToken: operator };
      settings.metrics = { ...settings.metrics, token: metrics };
    });
  }
  return operator;
}

const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const idPart = () => Array.from({ length: 12 }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');

/** What Meteor knows this project by: two clones with one id would be one app to it. */
export function freshMeteorId(edits: Edits): void {
  edits.replace('.meteor/.id', /^[0-9a-z]+\.[0-9a-z]+$/m, `${idPart()}.${idPart()}`);
}
