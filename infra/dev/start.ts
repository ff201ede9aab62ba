import { help, readFlags } from './flags';
import { jobsPortOf, localRolesOf, onlyRole } from './roles';
import { root } from './root';
import { Development } from './running/development';
import { endWhenAsked } from './running/end-when-asked';

async function start(): Promise<void> {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) return console.log(help);
  const development = new Development(
    root,
    onlyRole(await localRolesOf(root, flags.port), flags.role),
    jobsPortOf(flags.port),
  );
  endWhenAsked(development);
  await development.start().catch(async error => {
    console.error(error instanceof Error ? error.message : error);
    await development.stop();
    process.exit(1);
  });
}

start().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
