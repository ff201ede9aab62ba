import { developmentDatabase } from '../../../infra/dev/database/development-database';

/** Runs the database of `npm start`, with its data in the folder it is given, until SIGTERM. */
developmentDatabase(process.argv[2]!).then(
  database => {
    process.on('SIGTERM', () => database.stop().then(() => process.exit(0)));
    setInterval(() => {}, 60_000); // stay
    console.log(`ready ${database.url}`);
  },
  error => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
