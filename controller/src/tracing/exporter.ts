/** What sends traces: an interface by itself, so that only who sends any loads OpenTelemetry's SDK. */
import type { RunTrace } from './run-trace.ts';

export interface TraceExporter {
  /** Takes a trace in; it is sent with others, within seconds. Never throws, never waits. */
  send(trace: RunTrace): void;
  /** Sends what is left, waiting as long as OTEL_EXPORTER_OTLP_TIMEOUT allows, and closes. */
  stop(): Promise<void>;
}

export interface TraceExporterOptions {
  readonly service: string;
  readonly version: string;
  /** Is called with spans that the collector did not accept. */
  readonly onDropped: (spans: number, error: Error | undefined) => void;
}
