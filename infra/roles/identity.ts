import { execFileSync } from 'node:child_process';
import { Meteor } from 'meteor/meteor';
import { name, version } from '../../package.json';
import type { ProcessIdentity } from '../monitor/processes';
import type { Sender } from '../queue/model/task';
import type { Role } from '../settings';

/** Who this process is, in /healthz, in the register of processes and in the metrics. */
export function identify(role: Role): ProcessIdentity {
  return { role, version, commit: commit() };
}

/** Who asks for the tasks that this process adds. */
export function senderOf(): Sender {
  return { appId: process.env.GALAXY_APP_ID ?? name, version, rootUrl: Meteor.absoluteUrl() };
}

/** What the bundle was built from. Meteor knows; on a developer's machine git does. */
function commit(): string {
  const { gitCommitHash } = Meteor as unknown as { gitCommitHash?: string };
  return process.env.TANDEM_COMMIT ?? gitCommitHash ?? (Meteor.isDevelopment ? checkedOut() : 'unknown');
}

function checkedOut(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
