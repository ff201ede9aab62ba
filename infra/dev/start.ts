import { help, readStartFlags } from './flags';
import { jobsPortOf, localRolesOf, onlyRole } from './roles';
import { root } from './root';
import { Development } from './running/development';
import { endWhenAsked } from './running/end-when-asked';

async function start(): Promise<void> {
  const flags = readStartFlags(process.argv.slice(2));
  if (flags.help) return console.log(help);
  const roles = await localRolesOf(root, flags.port);
  const development = new Development(root, onlyRole(roles, flags.role), jobsPortOf(flags.port), {
    ...flags,
    alone: flags.role === undefined,
    jobsRoles: roles.filter(({ kind }) => kind === 'jobs').length,
  });
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
