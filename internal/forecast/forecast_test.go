package forecast_test

import (
	"math"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/forecast"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %g, not %g", what, got, want)
	}
}

func TestWhatAnIndexCostsByBeingThereIsNotMultiplied(t *testing.T) {
	// 5000 bytes for being there, 100 for each document; twice as fast in the second half.
	f := forecast.Of(1_000_000, 1, forecast.Measured{Making: 3, Spread: 0.01, Parts: []forecast.Part{
		{Documents: 1000, Bytes: 200_000, Stored: 105_000, Seconds: 4}, {Documents: 1000, Bytes: 200_000, Stored: 205_000, Seconds: 2}}})
	near(t, "fixed", f.FixedBytes, 5000)
	near(t, "each", f.DocumentBytes, 100)
	near(t, "likely", f.Primaries.Likely, 100_005_000)
	near(t, "low", f.Primaries.Low, 100_005_000*0.98)
	near(t, "high", f.Primaries.High, 205_000.0/2000*1_000_000*1.02)
	near(t, "with a replica", f.Stored.Likely, 200_010_000)
	near(t, "rate", f.DocumentsPerSecond, 2000.0/6)
	near(t, "bytes a second", f.BytesPerSecond, 400_000.0/6)
	near(t, "likely time", f.Seconds.Likely, 3+3000)
	near(t, "shortest time", f.Seconds.Low, 3+2000)
	near(t, "longest time", f.Seconds.High, 3+4000)
	if f.Rough != "" {
		t.Errorf("rough: %s", f.Rough)
	}
}

func TestAnIndexThatWasMovedWholeIsAsItWasMeasured(t *testing.T) {
	f := forecast.Of(7, 0, forecast.Measured{Whole: true, Making: 0.5, Spread: 1, Parts: []forecast.Part{{Documents: 7, Stored: 4000, Seconds: 0.1}}})
	if f.Primaries != forecast.Exactly(4000) || *f.Seconds != forecast.Exactly(0.6) || f.Rough != "" {
		t.Errorf("%+v", f)
	}
}

func TestLittleMeasuredIsSaid(t *testing.T) {
	few := forecast.Of(1e6, 0, forecast.Measured{Parts: []forecast.Part{{Documents: 100, Stored: 1000, Seconds: 9}}})
	short := forecast.Of(1e6, 0, forecast.Measured{Parts: []forecast.Part{{Documents: 1000, Stored: 1000, Seconds: 1}}})
	none := forecast.Of(1e6, 0, forecast.Measured{})
	near(t, "shortest time of what was measured for a second", short.Seconds.Low, 1e6/1000/4)
	near(t, "its longest", short.Seconds.High, 1e6/1000*4)
	if few.Rough == "" || short.Rough == "" || none.Rough == "" {
		t.Errorf("%q %q %q", few.Rough, short.Rough, none.Rough)
	}
}

func TestTheSpreadOfSizesIsThatOfGroups(t *testing.T) {
	var even, uneven, one forecast.Spread
	for range 4 {
		even.Add(10, 1000)
	}
	// Sizes 50, 150, 50, 150: a mean of 100 with a deviation of 50·√(4/3), over 4 groups.
	for _, bytes := range []int64{500, 1500, 500, 1500} {
		uneven.Add(10, bytes)
	}
	one.Add(10, 1000)
	near(t, "even", even.Error(), 0)
	near(t, "uneven", uneven.Error(), 0.5*math.Sqrt(4.0/3)/2)
	near(t, "one group", one.Error(), 1)
}
