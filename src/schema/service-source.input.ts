import { Field, InputType } from 'type-graphql';
import { AutoDeploy } from '../entities/service-source.js';
import { Rule } from './rule.js';
import { AUTO_DEPLOY, BRANCH, DOCKERFILE, REPOSITORY, SOURCE_PATH } from './source.rules.js';

@InputType({ description: 'The repository that a service follows: what a push to it does.' })
export class ServiceSourceInput {
  @Rule(REPOSITORY)
  @Field({ description: '`owner/name`.' })
  repository!: string;

  @Rule(BRANCH)
  @Field({ defaultValue: 'main' })
  branch!: string;

  @Rule(SOURCE_PATH)
  @Field(() => String, { nullable: true, description: 'Pushes that touch nothing under this folder do nothing. Default: the whole repository.' })
  path?: string | null;

  @Rule(AUTO_DEPLOY)
  @Field(() => AutoDeploy, { defaultValue: AutoDeploy.IMAGE })
  autoDeploy!: AutoDeploy;

  @Rule(DOCKERFILE)
  @Field(() => String, { nullable: true, description: 'Refused for now: builds from source do not exist yet.' })
  dockerfile?: string | null;
}
