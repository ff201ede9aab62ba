import { LinkServer } from '../../../infra/link';

// The link is code of a role: here it runs in the test's own process, on the Node host's modules.
jest.mock('meteor/check', () => require('../../../infra/node-host/shared/check'), { virtual: true });
jest.mock('meteor/ddp', () => require('../../../infra/node-host/modules/ddp'), { virtual: true });
jest.mock('meteor/ddp-rate-limiter', () => require('../../../infra/node-host/ddp/rate-limiter'), {
  virtual: true,
});
jest.mock('meteor/ejson', () => require('../../../infra/node-host/shared/ejson'), { virtual: true });
jest.mock('meteor/meteor', () => require('../../../infra/node-host/modules/meteor'), { virtual: true });
jest.mock('meteor/mongo', () => require('../../../infra/node-host/modules/mongo'), { virtual: true });

const { Meteor } = require('../../../infra/node-host/modules/meteor');
const nothing = async () => {};

describe('the door of the link', () => {
  test('asks Meteor to forget a connection that was lost: taken up again, it would be in without a proof', async () => {
    const server = new LinkServer({
      secret: 'a-secret-that-both-roles-share-0123',
      emit: () => {},
      runInMemory: nothing,
      runSchedule: nothing,
      recycleWorker: nothing,
      drain: () => {},
      isDraining: () => false,
      nudge: () => {},
      live: () => {
        throw new Error('nobody is to ask');
      },
    });
    await server.start();
    expect(Meteor.server.options.disconnectGracePeriod).toBe(0);
  });
});
