/**
 * The health of a role as seen from outside, for deploy.sh.
 *   health.ts await URL COMMIT SECONDS   exit 0 as soon as URL answers 200 with that commit, 1 when the time is over
 *   health.ts commit URL                 the commit that URL answers 200 with, or nothing
 *   health.ts show role=URL …            one line a role: which commit it runs
 */
import { oneLine } from '../../monitor/one-line';
import { fetchWithin } from '../fetch-within';

const askTimeoutMs = 5_000;

interface Health {
  role?: string;
  commit?: string;
}

type Answer = { ok: boolean; health?: Health; problem?: string };

/** Asks once; an error is an answer as well. */
async function ask(url: string): Promise<Answer> {
  try {
    return await fetchWithin(askTimeoutMs, url, { headers: { accept: 'application/json' } }, async response => {
      const health = (await response.json()) as Health;
      return response.ok ? { ok: true, health } : { ok: false, health, problem: `HTTP ${response.status}` };
    });
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? String(error.cause ?? error.message) : String(error) };
  }
}

function answerInWords({ health, problem }: Answer): string {
  const commit = health?.commit ? `commit ${String(health.commit).slice(0, 80)}` : 'no commit known';
  return oneLine(problem ? `${commit} (${problem})` : commit);
}

/** The answer of a role becomes part of a command that people paste: it must be a commit, and nothing else. */
const saidCommit = ({ ok, health }: Answer) =>
  ok && /^[0-9a-f]{7,64}$/.test(String(health?.commit)) ? health!.commit! : '';

/** A short commit may stand for a long one: some hosts shorten it. */
function isCommit(said: string, wanted: string): boolean {
  return said !== '' && (wanted.startsWith(said) || said.startsWith(wanted));
}

async function awaitCommit(url: string, commit: string, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask(url);
    if (isCommit(saidCommit(answer), commit)) return true;
    if (Date.now() >= until) {
      console.error(`deploy: ${url} did not answer with ${commit} within ${seconds} s; last: ${answerInWords(answer)}`);
      return false;
    }
    await new Promise(resolve => setTimeout(resolve, Math.min(2000, Math.max(0, until - Date.now()))));
  }
}

async function show(pairs: string[]): Promise<void> {
  for (const pair of pairs) {
    const [role, ...url] = pair.split('=');
    console.log(`  ${role}: ${answerInWords(await ask(url.join('=')))}`);
  }
}

async function main([command, ...rest]: string[]): Promise<void> {
  if (command === 'show') return show(rest);
  if (command === 'commit') return console.log(saidCommit(await ask(rest[0]!)));
  process.exitCode = 1; // until the role is healthy
  const healthy = await awaitCommit(rest[0]!, rest[1]!, Number(rest[2]));
  if (healthy) process.exitCode = 0;
}

void main(process.argv.slice(2));
