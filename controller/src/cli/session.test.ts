import { expect, it } from 'vitest';
import type { Io } from './io.ts';
import { openSession } from './session.ts';

it('a kubeconfig that cannot be used is said once, with what to do', async () => {
  await expect(openSession({} as Io, 'task-runs', { kubeconfig: '/does/not/exist' })).rejects.toMatchObject({
    name: 'CliError',
    message:
      "the kubeconfig /does/not/exist cannot be used: ENOENT: no such file or directory, open '/does/not/exist'; name another with --kubeconfig or KUBECONFIG",
  });
});
