/**
 * Sends traces of runs to a collector of OpenTelemetry's, by OTLP over HTTP. It is set up by the SDK's own environment
 * variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/); without an endpoint
 * nothing of the SDK is loaded.
 */
import type { TraceExporter, TraceExporterOptions } from './exporter.ts';

/**
 * Whether traces are to be sent.
 * @param environment as process.env
 */
export function tracesConfigured(environment: Readonly<Record<string, string | undefined>>): boolean {
  const {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own,
    OTEL_SDK_DISABLED: disabled,
    OTEL_TRACES_EXPORTER: exporter,
  } = environment;
  // To OpenTelemetry, an empty variable is one that is not set.
  return Boolean(endpoint || own) && disabled?.toLowerCase() !== 'true' && exporter !== 'none';
}

/**
 * Loads the SDK. Ask {@link tracesConfigured} first: that costs several megabytes of memory.
 * @throws Error where the environment says something that the SDK does not take
 */
export async function createTraceExporter(options: TraceExporterOptions): Promise<TraceExporter> {
  const { createOtlpExporter } = await import('./otlp.ts');
  return createOtlpExporter(options);
}
