import { readFlags } from '../flags';
import { jobsPortOf, localRolesOf, onlyRole } from '../roles';
import { root } from '../root';
import { endWhenAsked } from '../running/end-when-asked';
import { MeteorRun } from './meteor-run';

const help = `npm run meteor [-- flags]   runs every role under the Meteor tool, on one database

  --role web|jobs      only this one (npm run meteor:web, meteor:jobs)
  --port 3000          where the page is; Meteor's MongoDB is 1 above, the jobs role 100 above
  --help               this page

Each settings-jobs-<name>.json is a further jobs role, jobs-<name>, one port above the one before.
MONGO_URL names a database of your own; without it all roles use the one that the web role's Meteor starts.`;

async function start(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), help);
  if (flags.help) return console.log(help);
  const { role, port } = flags;
  const roles = onlyRole(await localRolesOf(root, port), role);
  const meteor = new MeteorRun(root, roles, { web: port, jobs: jobsPortOf(port) });
  endWhenAsked(meteor);
  const how = await meteor.run().finally(() => meteor.stop());
  throw new Error(`${how}: its last lines say why`);
}

start().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
