/**
 * Sends traces of runs to a collector of OpenTelemetry's, by OTLP over HTTP. It is set up by the SDK's own environment variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/); without an endpoint nothing of the SDK is loaded.
 */
import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { RunTrace, Span } from './run-trace.ts';

export interface TraceExporter {
  /** Takes a trace in; it is sent with others, within seconds. Never throws, never waits. */
  send(trace: RunTrace): void;
  /** Sends what is left, waiting as long as OTEL_EXPORTER_OTLP_TIMEOUT allows, and closes. */
  stop(): Promise<void>;
}

export interface TraceExporterOptions {
  readonly service: string;
  readonly version: string;
  /** Is told of spans that the collector did not take. */
  readonly onDropped: (spans: number, error: Error | undefined) => void;
}

/**
 * Whether traces are to be sent.
 * @param environment as process.env
 */
export function tracesConfigured(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = environment;
  return Boolean(endpoint ?? own) && disabled?.toLowerCase() !== 'true' && exporter !== 'none';
}

/**
 * Loads the SDK. Ask {@link tracesConfigured} first: that costs several megabytes of memory.
 * @throws Error where the environment says something that the SDK does not take
 */
export async function createTraceExporter({ service, version, onDropped }: TraceExporterOptions): Promise<TraceExporter> {
  const [{ SpanKind, SpanStatusCode, TraceFlags }, { BatchSpanProcessor }, { OTLPTraceExporter }, { detectResources, envDetector, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const resource = resourceFromAttributes({ 'service.name': service, 'service.version': version }).merge(detectResources({ detectors: [envDetector] }));
  const otlp = new OTLPTraceExporter();
  // Holds at most OTEL_BSP_MAX_QUEUE_SIZE spans, 2,048 by default.
  const processor = new BatchSpanProcessor({
    export: (spans, done) =>
      otlp.export(spans, (result) => {
        if (result.error) onDropped(spans.length, result.error);
        done(result);
      }),
    shutdown: () => otlp.shutdown(),
  });
  const readable = (span: Span, traceId: string): ReadableSpan => {
    const contextOf = (spanId: string) => ({ traceId, spanId, traceFlags: TraceFlags.SAMPLED });
    return {
      name: span.name,
      kind: SpanKind.INTERNAL,
      spanContext: () => contextOf(span.spanId),
      ...(span.parentSpanId !== undefined && { parentSpanContext: contextOf(span.parentSpanId) }),
      startTime: hrTime(span.start),
      endTime: hrTime(span.end),
      duration: hrTime(span.end - span.start),
      status: { code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      attributes: span.attributes,
      links: [],
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: service, version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };
  return {
    send: ({ traceId, spans }) => spans.forEach((span) => processor.onEnd(readable(span, traceId))),
    // That the last ones were not taken was told already.
    stop: () => processor.shutdown().catch(() => undefined),
  };
}

/** Seconds and nanoseconds. */
function hrTime(milliseconds: number): HrTime {
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1_000_000];
}
