import { MeteorError } from '../shared/meteor-error';
import { type LoginInvocation, type LoginOutcome, outcomeOf } from './login-attempts';

export type LoginHandler = (this: LoginInvocation, options: never) => unknown;

/** The ways to log in by the method `login`, in the order in which they are asked. */
export class LoginHandlers {
  private readonly handlers: { name: string | null; handler: LoginHandler }[] = [];

  /** @param handler gives an outcome, or undefined where the options are none of its own */
  register(name: string | LoginHandler, handler?: LoginHandler): void {
    this.handlers.push(typeof name === 'string' ? { name, handler: handler! } : { name: null, handler: name });
  }

  async run(invocation: LoginInvocation, options: object): Promise<LoginOutcome> {
    for (const { name, handler } of this.handlers) {
      const outcome = await outcomeOf(name, () => handler.call(invocation, options as never));
      if (outcome) return outcome;
      if (outcome !== undefined) throw new MeteorError(400, 'A login handler should return a result or undefined');
    }
    return { type: null, error: new MeteorError(400, 'Unrecognized options for login request') };
  }
}
