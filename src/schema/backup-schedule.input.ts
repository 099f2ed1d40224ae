import { Field, InputType, Int } from 'type-graphql';
import { CRON, KEEP_COUNT, KEEP_DAYS, TIME_ZONE } from './cron.rules.js';
import { Rule } from './rule.js';

@InputType()
export class BackupScheduleInput {
  @Rule(CRON)
  @Field({ description: 'Minute, hour, day of the month, month, day of the week: "30 3 * * *" is each night at half past three.' })
  cron!: string;

  @Rule(TIME_ZONE)
  @Field({ defaultValue: 'UTC', description: 'Of the time zone database, e.g. Europe/Berlin.' })
  timeZone!: string;

  @Rule(KEEP_COUNT)
  @Field(() => Int, { defaultValue: 7, description: 'The newest so many of its backups are kept.' })
  keepCount!: number;

  @Rule(KEEP_DAYS)
  @Field(() => Int, { nullable: true, description: 'None of its backups that is older is kept, but for the newest.' })
  keepDays?: number | null;
}
