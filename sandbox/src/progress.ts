/** Says what is being done and for how long, on a stream meant for people. */
export interface Progress {
  begin(what: string): Step;
  say(line: string): void;
}

export interface Step {
  end(outcome: string): void;
}

const everyMs = 1000;
const everyPlainMs = 15_000;

/** On a terminal one line is rewritten every second; elsewhere a line is added every 15 seconds. */
export function progressTo(stream: NodeJS.WriteStream): Progress {
  const terminal = stream.isTTY;
  return {
    say: (line) => void stream.write(`${line}\n`),
    begin: (what) => {
      const since = Date.now();
      const line = (state: string): string => `${what} ... ${state} ${elapsed(Date.now() - since)}`;
      const show = (): void => void stream.write(terminal ? `\r${line('')}` : `${line('still')}\n`);
      if (terminal) show();
      else stream.write(`${what} ...\n`);
      const timer = setInterval(show, terminal ? everyMs : everyPlainMs);
      return {
        end: (outcome) => {
          clearInterval(timer);
          stream.write(`${terminal ? '\r' : ''}${line(outcome)}\n`);
        },
      };
    },
  };
}

/** Says nothing: for tests. */
export const silent: Progress = { say: () => undefined, begin: () => ({ end: () => undefined }) };

/** Minutes and seconds: 65,000 ms is 1:05. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
