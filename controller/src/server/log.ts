import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

/** Field names whose values are secret, at any place. */
const SECRET = /^(authorization|.*token|.*password|.*secret|client-?(key|certificate)-?data|caData|keyData|certData)$/i;
const REDACTED = '[redacted]';
const DEEPEST = 8;
const MOST_ITEMS = 50;

/**
 * A JSON logger for standard output, one object a line, with ISO times. Secrets are redacted by name, and the values of
 * environment variables always: people put passwords there.
 */
export function createLogger(options: { level: string; destination?: DestinationStream | undefined }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields, 0) as Record<string, unknown>,
      },
      serializers: { err: serializeError },
    },
    ...(options.destination === undefined ? [] : [options.destination]),
  );
}

/** An error's message, and its stack with its causes; not the request details that libraries attach to their errors. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, stack } = stdSerializers.err(error);
  return { type, message: messageOf(error), stack };
}

/** With the causes' messages, except those that it quotes already. */
function messageOf({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message;
  const below = messageOf(cause);
  return message.includes(below) || message.includes(cause.message) ? message : `${message}: ${below}`;
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth >= DEEPEST) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => redact(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactField(name, item, depth)]));
}

function redactField(name: string, value: unknown, depth: number): unknown {
  if (SECRET.test(name) && typeof value === 'string') return REDACTED;
  if (name === 'env' && Array.isArray(value)) return value.slice(0, MOST_ITEMS).map(withoutValue);
  if (name === 'env' && typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.keys(value).map((key) => [key, REDACTED]));
  return redact(value, depth + 1);
}

/** A variable's name is enough. */
function withoutValue(variable: unknown): unknown {
  const isNamed = typeof variable === 'object' && variable !== null && 'name' in variable;
  return isNamed ? { name: variable.name, value: REDACTED } : REDACTED;
}
