import { Field, InputType } from 'type-graphql';
import { AutoDeploy } from '../entities/service-source.js';
import { Rule } from './rule.js';
import { BRANCH, DOCKERFILE, GIT_HOST, REPOSITORY, SOURCE_PATH, STAGE } from './source.rules.js';
import { VARIABLES } from './variables.rule.js';
import { Variables } from './variables.scalar.js';

@InputType({ description: 'The repository that a service follows: what a push to it does.' })
export class ServiceSourceInput {
  @Rule(REPOSITORY)
  @Field({ description: '`owner/name`.' })
  repository!: string;

  @Rule(GIT_HOST)
  @Field(() => String, { nullable: true, description: "Where it is, e.g. git.example.com; only pushes from there count. Default: where the installation's repositories are." })
  host?: string | null;

  @Rule(BRANCH)
  @Field({ defaultValue: 'main' })
  branch!: string;

  @Rule(SOURCE_PATH)
  @Field(() => String, { nullable: true, description: 'Pushes that touch nothing under this folder do nothing, and a build sees nothing else. Default: the whole repository.' })
  path?: string | null;

  @Field(() => AutoDeploy, { defaultValue: AutoDeploy.IMAGE })
  autoDeploy!: AutoDeploy;

  @Rule(DOCKERFILE)
  @Field(() => String, { nullable: true, description: 'Of a BUILD: where the Dockerfile is, seen from `path`. Default: `Dockerfile`.' })
  dockerfile?: string | null;

  @Rule(STAGE)
  @Field(() => String, { nullable: true, description: 'Of a BUILD: the stage of the Dockerfile that is built. Default: the last.' })
  target?: string | null;

  @Rule(VARIABLES)
  @Field(() => Variables, { nullable: true, description: 'Of a BUILD: its build arguments. No secrets: they can be read off the image.' })
  buildArgs?: Record<string, string> | null;
}
