import { Command, InvalidArgumentError, Option } from 'commander';
import { down, env, load, status, up, type UpOptions } from './commands.ts';
import { kubernetesReleases } from './kubernetes-releases.ts';
import { Refusal } from './refusal.ts';
import { defaultDirectory, kubevelaKinds, layoutOf, nodeKinds, type Layout } from './settings.ts';
import { supervise } from './machine/supervisor.ts';

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a whole number above 0.');
}

function commandLine(): Command {
  const program = new Command('sandbox')
    .description('A Kubernetes on this machine, without Docker, with KubeVela or its stand-in.')
    .option(
      '--dir <directory>',
      'where it keeps its state; sandboxes beside each other need one each, and ports of their own',
      defaultDirectory,
    );
  const layout = (): Layout => layoutOf(program.opts<{ dir: string }>().dir);
  program
    .command('up')
    .description('start it, or what is dead of it; without options, as it was')
    .addOption(
      new Option(
        '--kubernetes <release>',
        'a major and a minor version; default: that of SANDBOX_KUBERNETES, else the one that most tests run on',
      ).choices(kubernetesReleases),
    )
    .addOption(
      new Option(
        '--nodes <kind>',
        'real: pods run (root); simulated: pods are played; default: real as root, else simulated',
      ).choices(nodeKinds),
    )
    .addOption(new Option('--node-count <n>', 'how many simulated nodes').argParser(positive))
    .addOption(
      new Option('--kubevela <kind>', 'default: real where KUBEVELA_HOME is set, else stand-in').choices(kubevelaKinds),
    )
    .addOption(
      new Option('--port-base <port>', 'the first of the ports on 127.0.0.1 (default: 16440)').argParser(positive),
    )
    .action((options: UpOptions) => up(layout(), options));
  program
    .command('down')
    .description('end it and leave nothing behind but the built programs')
    .action(() => down(layout()));
  program
    .command('status')
    .description('how its parts are; exit code 1 when it is not whole')
    .action(() => status(layout()));
  program
    .command('env')
    .description('print what a shell needs: eval "$(npm run --silent sandbox -- env)"')
    .action(() => env(layout()));
  program
    .command('load <archive>')
    .description('give the real node the image of an OCI archive')
    .action((archive: string) => load(layout(), archive));
  program
    .command('supervise <dir>', { hidden: true })
    .option('--of-parent')
    .action((dir: string, options: { ofParent?: boolean }) => supervise(dir, options.ofParent === true));
  return program;
}

try {
  await commandLine().parseAsync();
} catch (error) {
  if (error instanceof Refusal) console.error(error.message);
  else console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
