import { gql, type Route } from '../route.js';

const BATCH = `lines {
  timestamp replica stream message cursor
  level @include(if: $full) fields @include(if: $full) raw @include(if: $full) cut @include(if: $full) deploymentId @include(if: $full)
} dropped gap cursor`;

/** The log lines of a service. */
export const LOG_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/services/:id/logs', tag: 'Services', needsCluster: true,
    summary: 'Log lines of all its containers: a list (with `full=true` also level, fields, raw, cut and deploymentId of each), plain text (`Accept: text/plain`; with `full=true` in colours), or with `follow=true` a stream (NDJSON, or SSE with `Accept: text/event-stream`)',
    operation: gql`query serviceLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String, $previous: Boolean, $full: Boolean = false) {
      serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after, previous: $previous) { ${BATCH} }
    }`,
    params: { id: 'serviceId' },
    query: { tail: 'tail', since: 'since', after: 'after', previous: 'previous', replica: 'filter.replica', text: 'filter.text', regex: 'filter.regex', level: 'filter.level', stream: 'filter.stream', deployment: 'filter.deploymentId', full: 'full' },
    answer: ['serviceLogs', 'lines'],
    follow: {
      operation: gql`subscription followLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String, $full: Boolean = false) {
        serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after) { ${BATCH} }
      }`,
      batch: ['serviceLogs'],
      without: ['previous'],
    },
  },
];
