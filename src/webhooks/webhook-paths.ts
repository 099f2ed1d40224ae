const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const problem = (description: string): object => ({ description, content: PROBLEM });
const header = (name: string, description: string): object => ({ name, in: 'header', required: true, description, schema: { type: 'string' } });

/** The webhooks in the OpenAPI document: their bodies are the forges' to describe. */
export const WEBHOOK_PATHS = {
  '/api/webhooks/github': webhook('receiveGithubEvent', 'GitHub', [
    header('X-Hub-Signature-256', '`sha256=` and the HMAC-SHA256 of the raw body, in hexadecimal digits.'),
    header('X-GitHub-Delivery', 'Id of the delivery: the same one again is answered as the first time.'),
    header('X-GitHub-Event', 'Name of the event.'),
  ]),
  '/api/webhooks/gitea': webhook('receiveGiteaEvent', 'Gitea', [
    header('X-Gitea-Signature', 'The HMAC-SHA256 of the raw body, in hexadecimal digits.'),
    header('X-Gitea-Delivery', 'Id of the delivery: the same one again is answered as the first time.'),
    header('X-Gitea-Event', 'Name of the event.'),
  ]),
};

function webhook(operationId: string, forge: string, headers: object[]): Record<string, unknown> {
  return {
    post: {
      operationId,
      summary: `${forge}'s webhook: a push deploys the services that follow its branch, and a pull request gets a preview`,
      tags: ['Webhooks'],
      security: [],
      parameters: [
        ...headers,
        { name: 'service', in: 'query', description: "Id of the service whose own secret it is signed with; else it is the installation's.", schema: { type: 'string', format: 'uuid' } },
      ],
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', description: `${forge}'s payload, at most 25 MiB.` } } } },
      responses: {
        200: {
          description: 'Taken, also where it does nothing',
          content: {
            'application/json': {
              schema: {
                title: 'WebhookReceipt', type: 'object', required: ['deliveryId', 'outcome', 'deployments'],
                properties: { deliveryId: { type: 'string' }, outcome: { type: 'string', enum: ['DEPLOYED', 'IGNORED', 'PONG', 'AWAITING_APPROVAL', 'CLOSED'] }, deployments: { type: 'array', items: { type: 'string' } } },
              },
            },
          },
        },
        400: problem('Bad request'), 401: problem('The signature is missing or does not hold'), 413: problem('Payload too large'), 415: problem('Unsupported media type'),
        429: problem('Rate limited'), 500: problem('Internal error'), 503: problem('Unavailable'),
      },
    },
  };
}
