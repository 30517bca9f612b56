import { Command } from 'commander';
import { exitCodes } from '../errors.ts';
import { version, type StartOffline } from '../session.ts';

export function versionCommand(start: StartOffline): Command {
  return new Command('version').description('show the version of this program').action(() =>
    start(async ({ out }) => {
      await out.write(`task-runs ${version}\n`);
      return exitCodes.ok;
    }),
  );
}
