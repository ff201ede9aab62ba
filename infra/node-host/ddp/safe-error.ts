import { textOf } from '../../errors/plain-error';
import { MeteorError } from '../shared/meteor-error';

type Thrown = Error & { isClientSafe?: boolean; sanitizedError?: Error & { isClientSafe?: boolean } };
type ClientSafe = Thrown & Pick<MeteorError, 'error' | 'reason' | 'details'>;

/**
 * What a client may see of something that was thrown: errors meant for it as they are, the sanitized form of those that
 * have one, "Internal server error" for all others. These are printed, for the server's people.
 *
 * @param context completes the printed line "Exception …"
 */
export function toSafeError(thrown: unknown, context: string): MeteorError | Error | unknown {
  try {
    return safeFormOf(thrown as Thrown | undefined, context);
  } catch (unreadable) {
    // A revoked Proxy, a getter that throws: there is nothing to find out from it.
    console.error(`Exception ${context}`, textOf(thrown), textOf(unreadable));
    return internalError();
  }
}

function safeFormOf(error: Thrown | undefined, context: string): MeteorError | Error | unknown {
  if (!error) return error;
  if (error.isClientSafe) return asMeteorError(error as ClientSafe);
  console.error(`Exception ${context}`, textOf(error));
  const { sanitizedError } = error;
  if (sanitizedError?.isClientSafe) {
    console.error('Sanitized and reported to the client as:', sanitizedError.message);
    return sanitizedError;
  }
  return internalError();
}

const internalError = () => new MeteorError(500, 'Internal server error');

function asMeteorError(error: ClientSafe): MeteorError {
  if (error instanceof MeteorError) return error;
  const converted = new MeteorError(error.error, error.reason, error.details);
  converted.message = error.message;
  return converted;
}
