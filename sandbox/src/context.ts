import type { KubeClient } from './kube-client.ts';
import type { Programs } from './build/programs.ts';
import type { Layout, Settings } from './settings.ts';

/**
 * What every program's file is given: where things are, what was asked for, what was programs, and a way to the API.
 */
export interface Context {
  readonly layout: Layout;
  readonly settings: Settings;
  readonly programs: Programs;
  readonly client: KubeClient;
}
