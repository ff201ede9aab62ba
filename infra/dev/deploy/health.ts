/**
 * What a role says of itself from outside, for deploy.sh.
 *   health.ts await URL COMMIT SECONDS   exit 0 as soon as URL answers 200 with that commit, 1 when the time is over
 *   health.ts show role=URL …            one line a role: which commit it runs
 */
import { fetchWithin } from '../fetch-within';

const askTimeoutMs = 5_000;

interface Health {
  role?: string;
  commit?: string;
}

type Answer = { ok: boolean; health?: Health; problem?: string };

/** Asks once; whatever goes wrong is an answer as well. */
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
  const commit = health?.commit ? `commit ${health.commit}` : 'no commit known';
  return problem ? `${commit} (${problem})` : commit;
}

/** A short commit may stand for a long one: some hosts shorten it. */
function isCommit(said: string | undefined, wanted: string): boolean {
  return said !== undefined && said.length >= 7 && (wanted.startsWith(said) || said.startsWith(wanted));
}

async function awaitCommit(url: string, commit: string, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask(url);
    if (answer.ok && isCommit(answer.health?.commit, commit)) return true;
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
  process.exitCode = 1; // until it is seen to be well
  const healthy = await awaitCommit(rest[0]!, rest[1]!, Number(rest[2]));
  if (healthy) process.exitCode = 0;
}

void main(process.argv.slice(2));
