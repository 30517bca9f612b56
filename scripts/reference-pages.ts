/** Every page of docs/reference/, made of the sources. */
import { addonParametersPage } from './addon-parameters-page.ts';
import { apiPages } from './api-pages.ts';
import { cliPage } from './cli-page.ts';
import { definitionPages } from './definition-pages.ts';
import { eventsPage } from './events-page.ts';
import { flagsPage } from './flags-page.ts';
import type { GeneratedFile } from './generated-file.ts';
import { licensesPage } from './licenses-page.ts';
import { metricsPage } from './metrics-page.ts';
import { reasonsPage } from './reasons-page.ts';
import { resourcesPage } from './resources-page.ts';

export async function referencePages(): Promise<readonly GeneratedFile[]> {
  return [
    metricsPage(),
    ...apiPages(),
    cliPage(),
    await flagsPage(),
    reasonsPage(),
    eventsPage(),
    await addonParametersPage(),
    await licensesPage(),
    await resourcesPage(),
    ...(await definitionPages()),
  ];
}
