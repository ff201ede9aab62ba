import { readFlags } from '../flags';
import { root } from '../root';
import { endWhenAsked } from '../running/end-when-asked';
import { MeteorRun } from './meteor-run';

const help = `npm run meteor [-- flags]   runs both roles under the Meteor tool, on one database

  --role web|jobs      only this one (npm run meteor:web, meteor:jobs)
  --port 3000          where the page is; Meteor's MongoDB is 1 above, the jobs role 100 above
  --help               this page

MONGO_URL names a database of your own; without it both roles use the one that the web role's Meteor starts.`;

async function start(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), help);
  if (flags.help) return console.log(help);
  const meteor = new MeteorRun(flags, root);
  endWhenAsked(meteor);
  const how = await meteor.run().finally(() => meteor.stop());
  throw new Error(`${how}: its last lines say why`);
}

start().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
