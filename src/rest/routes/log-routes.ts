import { gql, type Route } from '../route.js';

const BATCH = 'lines { timestamp replica stream message cursor } dropped gap cursor';

/** The log lines of a service. */
export const LOG_ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/api/services/:id/logs', tag: 'Services', needsCluster: true,
    summary: 'Log lines of all its containers: a list, plain text (`Accept: text/plain`), or with `follow=true` a stream (NDJSON, or SSE with `Accept: text/event-stream`)',
    operation: gql`query serviceLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String, $previous: Boolean) {
      serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after, previous: $previous) { ${BATCH} }
    }`,
    params: { id: 'serviceId' },
    query: { tail: 'tail', since: 'since', after: 'after', previous: 'previous', replica: 'filter.replica' },
    answer: ['serviceLogs', 'lines'],
    follow: {
      operation: gql`subscription followLogs($serviceId: ID!, $filter: LogFilterInput, $tail: Int, $since: DateTimeISO, $after: String) {
        serviceLogs(serviceId: $serviceId, filter: $filter, tail: $tail, since: $since, after: $after) { ${BATCH} }
      }`,
      batch: ['serviceLogs'],
      without: ['previous'],
    },
  },
];
