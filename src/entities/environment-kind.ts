import { registerEnumType } from 'type-graphql';

export enum EnvironmentKind {
  STAGE = 'STAGE',
  PREVIEW = 'PREVIEW',
}
registerEnumType(EnvironmentKind, {
  name: 'EnvironmentKind',
  description: 'What an environment is for.',
  valuesConfig: { STAGE: { description: 'A stage of the team, kept until somebody deletes it.' }, PREVIEW: { description: 'A preview of a pull request, deleted with it.' } },
});
