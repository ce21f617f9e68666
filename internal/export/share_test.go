package export

import (
	"math"
	"slices"
	"testing"
)

func TestAPartIsChosenEvenlyAndTheSameEachTime(t *testing.T) {
	t.Parallel()
	all := make([]Stretch, 10_000)
	for i := range all {
		all[i] = Stretch{From: i}
	}
	for _, part := range []float64{0.0005, 0.01, 0.3, 0.999} {
		chosen := choose(all, "logs", part)
		if !slices.Equal(chosen, choose(all, "logs", part)) {
			t.Errorf("%g: chosen otherwise the second time", part)
		}
		if part < 0.9 && slices.Equal(chosen, choose(all, "others", part)) {
			t.Errorf("%g: the name makes no difference", part)
		}
		if want := part * float64(len(all)); math.Abs(float64(len(chosen))-want) > 1+want/100 {
			t.Errorf("%g: %d of %d chosen", part, len(chosen), len(all))
		}
		// One of each 1/part in a row, so that no gap is longer than two of these.
		for i, last := 0, -1; i < len(chosen); last, i = chosen[i].From, i+1 {
			if gap := chosen[i].From - last; gap < 1 || float64(gap) > 2/part+1 {
				t.Errorf("%g: a gap of %d", part, gap)
			}
		}
	}
}
