import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { isDatabaseAway, refusesDocument } from '../../../infra/queue/store/database-errors';
import { DatabaseGuard } from '../../../infra/queue/store/database-guard';

const coded = (code: string | number, message = 'said so') => Object.assign(new Error(message), { code });
const server = (code: number) => new MongoServerError({ message: 'said so', code });

test.each([
  ['a broken pipe, as Node says it', coded('EPIPE', 'This socket has been ended by the other party')],
  ['a connection that was reset', coded('ECONNRESET')],
  ['a host that has no address now', coded('EAI_AGAIN')],
  ['a socket that is destroyed', coded('ERR_STREAM_DESTROYED')],
  ['TLS that was cut', coded('ERR_SSL_UNEXPECTED_EOF')],
  ['a connection that closed', new MongoNetworkError('connection 3 closed')],
  ['what has such a cause', new Error('no luck', { cause: coded('EPIPE') })],
  ['an election', server(10107)],
  ['a full disk', server(14031)],
  ['rights that are gone', server(13)],
  ['a bulk that was cut short', new MongoBulkWriteError(new MongoNetworkError('closed') as never, {} as never)],
])('%s is "not now", and no word about the document', (_, error) => {
  expect([isDatabaseAway(error), refusesDocument(error)]).toEqual([true, false]);
});

test.each([
  ['too large for the server', server(10334)],
  ['larger after the update', server(17419)],
  ['nested too deeply', server(15)],
  ['against a validator', server(121)],
  ['no BSON', Object.assign(new Error('circular'), { name: 'BSONError' })],
  ['larger than a message', new RangeError('The value of "offset" is out of range')],
])('a document is refused where it is %s', (_, error) => {
  expect([isDatabaseAway(error), refusesDocument(error)]).toEqual([false, true]);
});

test.each([
  ['a server error of another kind', server(59)],
  ['a bug', new TypeError('Cannot read properties of null')],
  ['something thrown that is no error', 'EPIPE'],
])('%s is neither: it is tried again, and holds up nothing', (_, error) => {
  expect([isDatabaseAway(error), refusesDocument(error)]).toEqual([false, false]);
});

test('that the database is back says a step that has found it away, or a heartbeat: none that may have asked nothing', async () => {
  const said: string[] = [];
  const guard = new DatabaseGuard(name => void said.push(name));
  const away = (step: string) => guard.attempt(step, () => Promise.reject(coded('ECONNRESET')));
  const works = (step: string) => guard.attempt(step, async () => {});
  await away('claim');
  await works('rate lines');
  await away('successors');
  await works('rate lines');
  expect(said).toEqual(['queue.databaseLost']);
  await works('successors');
  await works('claim');
  await away('claim');
  await works('heartbeat');
  await works('claim');
  const once = ['queue.databaseLost', 'queue.databaseBack'];
  expect(said).toEqual([...once, ...once]);
});
