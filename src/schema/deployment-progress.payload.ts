import { Field, ObjectType } from 'type-graphql';
import { Deployment } from '../entities/deployment.js';
import { DeploymentEvent } from '../entities/deployment-event.js';

@ObjectType({ simpleResolvers: true, description: 'One event of a deployment. After the last one the subscription ends.' })
export class DeploymentProgress {
  @Field({ description: 'Give it as `after` to go on behind this event.' })
  cursor!: string;

  @Field(() => DeploymentEvent)
  event!: DeploymentEvent;

  @Field(() => Deployment, { description: 'The deployment as it is now.' })
  deployment!: Deployment;
}
