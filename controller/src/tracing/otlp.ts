/**
 * All that is made of OpenTelemetry's SDK; a file of its own in the image, too (scripts/build-controller.ts), which is
 * read only when asked for.
 */
import { SpanKind, SpanStatusCode, TraceFlags, type HrTime } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { TraceExporter, TraceExporterOptions } from './exporter.ts';
import type { Span } from './run-trace.ts';

/**
 * Sets the exporter up from the environment.
 * @throws Error where the environment says something that the SDK does not take
 */
export function createOtlpExporter({ service, version, onDropped }: TraceExporterOptions): TraceExporter {
  const resource = resourceFromAttributes({ 'service.name': service, 'service.version': version }).merge(
    detectResources({ detectors: [envDetector] }),
  );
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
