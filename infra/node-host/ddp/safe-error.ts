import { textOf } from '../../errors/plain-error';
import { MeteorError } from '../shared/meteor-error';

type Thrown = Error & { isClientSafe?: boolean; sanitizedError?: Error & { isClientSafe?: boolean } };
type ClientSafe = Thrown & Pick<MeteorError, 'error' | 'reason' | 'details'>;

/**
 * The part of a thrown value that a client may see: an error for clients as it is, the sanitized form if there is one,
 * else "Internal server error". The server prints all others.
 *
 * @param context completes the printed line "Exception …"
 */
export function toSafeError(thrown: unknown, context: string): MeteorError | Error | unknown {
  try {
    return safeFormOf(thrown as Thrown | undefined, context);
  } catch (unreadable) {
    // A revoked Proxy, or a getter that throws: nothing can be read from it.
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
