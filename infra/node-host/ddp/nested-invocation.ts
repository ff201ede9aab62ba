import { MethodInvocation } from '../shared/method-invocation';
import { makeRpcSeed } from '../shared/random-stream';
import { currentMethodInvocation, currentPublicationInvocation } from './current';

/** What a method called by the server's own code is part of: the method or publication that calls it, if any. */
export function nestedInvocation(name: string): MethodInvocation {
  const method = currentMethodInvocation.get();
  const publication = currentPublicationInvocation.get();
  const outside = () => {
    throw new Error("Can't call setUserId on a server initiated method call");
  };
  const setUserId = (userId: string | null) =>
    method ? method.setUserId(userId) : publication ? publication._session.data.becomeUser(userId) : outside();
  return new MethodInvocation({
    name,
    isSimulation: false,
    userId: (method ?? publication)?.userId ?? null,
    setUserId,
    connection: (method ?? publication)?.connection ?? null,
    randomSeed: method ? makeRpcSeed(method, name) : null,
  });
}
