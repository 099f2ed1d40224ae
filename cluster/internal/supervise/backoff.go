package supervise

import "time"

const (
	firstDelay = 250 * time.Millisecond
	lastDelay  = 15 * time.Second
	// A process that ran this long was well; its next death starts from the first delay again.
	steadyTime = 30 * time.Second
)

// backoff is the growing wait between restarts.
type backoff struct{ delay time.Duration }

func (b *backoff) next(ranFor time.Duration) time.Duration {
	if b.delay == 0 || ranFor >= steadyTime {
		b.delay = firstDelay
		return b.delay
	}
	b.delay = min(2*b.delay, lastDelay)
	return b.delay
}
