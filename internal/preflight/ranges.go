package preflight

// ranges.go answers: does a range field take a value? An object of two bounds at most, or (ip_range since 6.0) a network.
// Measured on 5.5.2, 6.8.23, 7.10.2, 8.15.5, 8.19.0, OpenSearch 2.19.3 and 3.3.0. Next: geoshape.go.

import (
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// rangeOptions reads what a range's mapping says of its bounds, which are read like values of the type without "_range".
func (s *Schema) rangeOptions(n *node, body gjson.Result) {
	switch bound := strings.TrimSuffix(n.typ, "_range"); bound {
	case "integer", "long":
		n.low, n.high = wholeRanges[bound][0], wholeRanges[bound][1]
	case "float":
		n.bits = 32
	case "double":
		n.bits = 64
	case "date":
		n.dates = transform.NewDateReader(body.Get("format").String(), s.target)
		if s.target.AtLeast(8, 16) {
			s.unchecked[n.typ] = true // the order of its bounds; see dateBound
		}
	}
}

// rangeText looks at a text where a range is expected.
func (c *Checker) rangeText(n *node, value string) {
	if n.typ != "ip_range" || !c.schema.target.AtLeast(6, 0) {
		c.report(TypeClash, n.path, value)
		return
	}
	address, length, _ := strings.Cut(value, "/")
	prefix, err := strconv.Atoi(length) // as Java reads it: "08" and "+8" are 8
	ip, ok := c.address(address)
	if (err != nil || !ok || ip.Is4In6() || prefix < 0 || prefix > ip.BitLen()) && !n.ignoreMalformed {
		c.report(RangeRefused, n.path, value)
	}
}

// bound is one end of a range, as far as it is there and can be compared.
type bound struct {
	number *big.Rat
	ip     netip.Addr
}

// rangeOf looks at an object of bounds. The last of gte and gt counts, as on the servers.
func (c *Checker) rangeOf(n *node, v gjson.Result) {
	var from, to bound
	ok := true
	v.ForEach(func(key, value gjson.Result) bool {
		name := key.String()
		if name != "gt" && name != "gte" && name != "lt" && name != "lte" {
			ok = false
			return false
		}
		end := &to
		step := -1
		if name[0] == 'g' {
			end, step = &from, 1
		}
		if name[len(name)-1] == 'e' {
			step = 0
		}
		*end = bound{}
		if value.Type != gjson.Null {
			*end, ok = c.bound(n, value, step)
		}
		return ok
	})
	if ok {
		switch {
		case from.number != nil && to.number != nil:
			ok = from.number.Cmp(to.number) <= 0
		case from.ip.IsValid() && to.ip.IsValid():
			ok = from.ip.Compare(to.ip) <= 0
		}
	}
	if !ok && !n.ignoreMalformed {
		c.report(RangeRefused, n.path, v.Raw)
	}
}

// bound reads one end; step is 1 for what begins above it, -1 for what ends below it. What is not certain is taken, and
// not compared.
func (c *Checker) bound(n *node, v gjson.Result, step int) (bound, bool) {
	value := v.Raw
	if v.Type == gjson.String {
		value = v.String()
	}
	switch n.typ {
	case "ip_range":
		if v.Type != gjson.String {
			return bound{}, false
		}
		return c.addressBound(value, step)
	case "date_range":
		if v.IsObject() || v.IsArray() {
			return bound{}, false
		}
		return c.dateBound(n, value, v.Type == gjson.Number, step)
	}
	if v.Type != gjson.Number && (v.Type != gjson.String || !n.coerce) {
		return bound{}, false
	}
	if n.bits > 0 {
		return c.fractionBound(n, value, step)
	}
	return c.wholeBound(n, value, v.Type == gjson.String, step)
}

func (c *Checker) addressBound(value string, step int) (bound, bool) {
	ip, ok := c.address(value)
	if !ok {
		return bound{}, false
	}
	ip = netip.AddrFrom16(ip.As16())
	switch step {
	case 1:
		ip = ip.Next()
	case -1:
		ip = ip.Prev()
	}
	return bound{ip: ip}, ip.IsValid() // there is nothing above the last and below the first
}

// dateBound reads a date. Since 8.16 an upper bound that names only a day is its end, so only numbers are compared there.
func (c *Checker) dateBound(n *node, value string, number bool, step int) (bound, bool) {
	if strings.HasPrefix(value, "now") {
		return bound{}, false // there is no now while something is indexed
	}
	if strings.Contains(value, "||") {
		return bound{}, true // arithmetic of dates
	}
	at, err := n.dates.Read(value)
	if err != nil {
		return bound{}, transform.UnknownDate(err)
	}
	if c.schema.target.AtLeast(8, 16) && !number {
		return bound{}, true
	}
	return bound{number: new(big.Rat).SetInt64(at.UnixMilli() + int64(step))}, true
}

func (c *Checker) wholeBound(n *node, value string, text bool, step int) (bound, bool) {
	if text {
		if !c.schema.target.AtLeast(6, 0) {
			if _, err := strconv.ParseInt(value, 10, 64); err != nil {
				return bound{}, false
			}
		}
		if n.typ == "integer_range" {
			value = javaDouble(value)
		}
	}
	if len(value) > longestNumber {
		return bound{}, true
	}
	exact, ok := decimal(value)
	if !ok || !exact.IsInt() && !n.coerce {
		return bound{}, false
	}
	whole := new(big.Int).Quo(exact.Num(), exact.Denom())
	if !whole.IsInt64() || float64(whole.Int64()) < n.low || float64(whole.Int64()) > n.high {
		return bound{}, false
	}
	at := whole.Int64()
	if step > 0 && float64(at) == n.high || step < 0 && float64(at) == n.low {
		return bound{}, true // servers differ on what lies beyond the last number
	}
	return bound{number: new(big.Rat).SetInt64(at + int64(step))}, true
}

// fractionBound reads a float or double. Since 6.8 (measured) it must be finite.
func (c *Checker) fractionBound(n *node, value string, step int) (bound, bool) {
	value = javaDouble(value)
	if strings.ContainsAny(value, "xX") && strings.ContainsAny(value, "0") {
		return bound{}, true // Java has another grammar for these
	}
	number, err := strconv.ParseFloat(value, n.bits)
	if err != nil && !math.IsInf(number, 0) || math.IsNaN(number) {
		return bound{}, false
	}
	if math.IsInf(number, 0) {
		return bound{}, !c.schema.target.AtLeast(6, 8)
	}
	if toward := math.Inf(step); step != 0 && n.bits == 32 {
		number = float64(math.Nextafter32(float32(number), float32(toward)))
	} else if step != 0 {
		number = math.Nextafter(number, toward)
	}
	exact := new(big.Rat).SetFloat64(number)
	return bound{number: exact}, true
}
