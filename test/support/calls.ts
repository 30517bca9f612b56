import type { ControllerProcess } from './controller-process.ts';

/**
 * How many API calls a controller has made, by `verb resource/subresource code`, such as `create jobs.batch 403`.
 * Watches are left out: they are opened again every few minutes.
 */
export async function callsOf({ port }: Pick<ControllerProcess, 'port'>): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = [
    ...text.matchAll(
      /^task_runs_api_requests_total\{verb="(\w+)",resource="([^"]*)",subresource="(\w*)",code="(\d+)"\} (\d+)$/gm,
    ),
  ];
  return Object.fromEntries(
    samples
      .filter(([, verb]) => verb !== 'watch')
      .map(([, verb = '', resource = '', subresource = '', code = '', count]) => [
        `${verb} ${resource}${subresource && `/${subresource}`}${Number(code) < 300 ? '' : ` ${code}`}`,
        Number(count),
      ]),
  );
}
