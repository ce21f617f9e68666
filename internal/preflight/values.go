package preflight

// values.go answers: does a field's type take a value? Measured on real servers; the tests hold it against them.
// Next: objects.go.

import (
	"encoding/base64"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// text looks at a text value in a field and in what is filled from it.
func (c *Checker) text(n *node, raw []byte, escaped bool) {
	for _, other := range n.also {
		c.textIn(other, raw, escaped)
	}
	c.textIn(n, raw, escaped)
}

func (c *Checker) textIn(n *node, raw []byte, escaped bool) {
	switch n.shape {
	case shapeText, shapeKeyword:
		if n.term && len(raw) > longestTerm {
			c.term(n, content(raw, escaped))
		}
		return
	case shapeDisabled, shapeAnything:
		return
	}
	value := content(raw, escaped)
	switch n.shape {
	case shapeObject, shapeNested, shapeFlattened:
		c.report(TypeClash, n.path, value)
	case shapeRange:
		c.rangeText(n, value)
	case shapeGeoShape:
		c.geoShape(n, gjson.Result{Type: gjson.String, Str: value})
	case shapeVector:
		c.vectorText(n, value)
	case shapeFeature:
		c.feature(n, value)
	case shapeFeatures:
		c.report(VectorRefused, n.path, value)
	case shapePercolator:
		c.report(QueryRefused, n.path, value)
	case shapeDynamic:
		c.dynamicText(n, raw, escaped, value)
	case shapeInteger, shapeUnsigned, shapeFraction:
		c.numberText(n, value)
	case shapeBoolean:
		if value != "true" && value != "false" && value != "" && c.schema.target.AtLeast(6, 0) {
			c.report(LooseBoolean, n.path, value)
		}
	case shapeDate:
		c.date(n, value)
	case shapeIP:
		if _, ok := c.address(value); !ok && !n.ignoreMalformed {
			c.report(NotAnIP, n.path, value)
		}
	case shapeGeoPoint:
		c.geoPoint(n, gjson.Result{Type: gjson.String, Str: value})
	case shapeBinary:
		if _, err := base64.StdEncoding.DecodeString(value); err != nil && n.term {
			c.report(NotBase64, n.path, value)
		}
	case shapeCompletion:
		if value == "" && !c.schema.target.AtLeast(6, 0) {
			c.report(ValueRefused, n.path, value)
		}
	case shapeJoin:
		c.relation(n, gjson.Result{Type: gjson.String, Str: value})
	case shapeAlias:
		c.report(ValueRefused, n.path, value)
	case shapeConstant:
		if n.constant != "" && value != n.constant {
			c.report(ValueRefused, n.path, value)
		}
	}
}

// address reads what the target takes for an address.
func (c *Checker) address(value string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(value)
	return address, err == nil && (address.Zone() == "" || c.schema.target.AtLeast(7, 0)) && (address.Is4() || c.schema.target.AtLeast(5, 0))
}

func content(raw []byte, escaped bool) string {
	if escaped {
		return string(unescape(raw))
	}
	return string(raw)
}

// term looks at a value that becomes one term. ignore_above counts as Java does, the limit is in bytes.
func (c *Checker) term(n *node, value string) {
	if len(value) <= longestTerm {
		return
	}
	units := 0
	for _, r := range value {
		units += max(1, utf16.RuneLen(r))
	}
	if units <= n.ignoreAbove {
		c.report(ImmenseTerm, n.path, value)
	}
}

// numeric looks at a number's literal.
func (c *Checker) numeric(n *node, raw []byte) {
	for _, other := range n.also {
		c.numericIn(other, string(raw))
	}
	c.numericIn(n, string(raw))
}

func (c *Checker) numericIn(n *node, value string) {
	switch n.shape {
	case shapeDynamic:
		c.dynamicNumber(n, value)
	case shapeInteger, shapeUnsigned:
		c.whole64(n, value, false)
	case shapeFraction:
		c.fraction(n, value, false)
	case shapeBoolean:
		if c.schema.target.AtLeast(6, 0) {
			c.report(LooseBoolean, n.path, value)
		}
	case shapeConstant:
		if n.constant != "" && value != n.constant {
			c.report(ValueRefused, n.path, value)
		}
	case shapeFeature:
		c.feature(n, value)
	default:
		c.bareIn(n, value)
	}
}

// boolean looks at true and false.
func (c *Checker) boolean(n *node, value string) {
	for _, other := range n.also {
		c.booleanIn(other, value)
	}
	c.booleanIn(n, value)
}

func (c *Checker) booleanIn(n *node, value string) {
	switch n.shape {
	case shapeDynamic:
		c.observe(n, classBoolean, value)
	case shapeInteger, shapeUnsigned, shapeFraction:
		c.refuseNumber(n, NotANumber, value, false)
	default:
		c.bareIn(n, value)
	}
}

// bareIn looks at a number or boolean in a field that wants neither.
func (c *Checker) bareIn(n *node, value string) {
	switch n.shape {
	case shapeObject, shapeNested, shapeFlattened, shapeRange:
		c.report(TypeClash, n.path, value)
	case shapeDate:
		c.date(n, value)
	case shapeIP:
		if !n.ignoreMalformed {
			c.report(NotAnIP, n.path, value)
		}
	case shapeGeoPoint:
		if !n.ignoreMalformed {
			c.report(GeoPoint, n.path, value)
		}
	case shapeGeoShape:
		if !n.ignoreMalformed {
			c.report(GeoShape, n.path, value)
		}
	case shapeVector, shapeFeature, shapeFeatures:
		c.report(VectorRefused, n.path, value)
	case shapePercolator:
		c.report(QueryRefused, n.path, value)
	case shapeBinary:
		if n.term {
			c.report(NotBase64, n.path, value)
		}
	case shapeCompletion, shapeAlias:
		c.report(ValueRefused, n.path, value)
	case shapeJoin:
		c.report(JoinRefused, n.path, value)
	}
}

// date reads a value as the target does, and as the source did.
func (c *Checker) date(n *node, value string) {
	now, err := n.dates.Read(value)
	if err != nil {
		if !transform.UnknownDate(err) && !n.ignoreMalformed {
			c.report(DateRefused, n.path, value)
		}
		return
	}
	if n.nanos && (now.Unix() < 0 || now.Unix() > maxNanoSeconds) && !n.ignoreMalformed {
		c.report(DateRefused, n.path, value)
		return
	}
	if n.before == nil {
		return
	}
	// Up to 6.x a date is kept in milliseconds on both sides, whatever its digits say.
	if then, err := n.before.Read(value); err == nil && then.UnixMilli() != now.UnixMilli() {
		const layout = "2006-01-02T15:04:05.000Z"
		c.report(DateMoves, n.path, value+": "+then.UTC().Format(layout)+" becomes "+now.UTC().Format(layout))
	}
}

// maxNanoSeconds is where nanoseconds in 63 bits end, in the year 2262.
const maxNanoSeconds = math.MaxInt64 / 1_000_000_000

// numberText looks at a text in a numeric field.
func (c *Checker) numberText(n *node, value string) {
	switch {
	case !n.coerce:
		c.refuseNumber(n, NotANumber, value, true)
	case value == "":
	case n.shape == shapeFraction:
		c.fraction(n, value, true)
	default:
		c.whole64(n, value, true)
	}
}

// refuseNumber reports, unless the field ignores what it can't read. Up to 6.x it ignores texts only (measured).
func (c *Checker) refuseNumber(n *node, kind Kind, value string, text bool) {
	if !n.ignoreMalformed || !text && !c.schema.target.AtLeast(7, 0) {
		c.report(kind, n.path, value)
	}
}

// whole64 looks at a value of an integer type: a JSON number, or a text.
func (c *Checker) whole64(n *node, value string, text bool) {
	if whole, err := strconv.ParseInt(value, 10, 64); err == nil {
		if n.shape == shapeInteger && (float64(whole) < n.low || float64(whole) > n.high) || n.shape == shapeUnsigned && whole < 0 {
			c.refuseNumber(n, NumberRange, value, text)
		}
		return
	}
	if text && !c.schema.target.AtLeast(6, 0) {
		c.refuseNumber(n, NotANumber, value, text) // 5.x: digits or nothing (3-09)
		return
	}
	if text && n.typ != "long" && n.shape == shapeInteger {
		value = javaDouble(value) // integer, short and byte go through a double, long through a decimal
	}
	if len(value) > longestNumber {
		c.refuseNumber(n, NumberRange, value, text)
		return
	}
	exact, ok := decimal(value)
	if !ok {
		c.refuseNumber(n, NotANumber, value, text)
		return
	}
	if !exact.IsInt() && (!n.coerce || n.shape == shapeUnsigned) {
		c.refuseNumber(n, NotANumber, value, text)
		return
	}
	whole := new(big.Int).Quo(exact.Num(), exact.Denom())
	if n.shape == shapeUnsigned && !whole.IsUint64() || n.shape == shapeInteger && (!whole.IsInt64() || float64(whole.Int64()) < n.low || float64(whole.Int64()) > n.high) {
		c.refuseNumber(n, NumberRange, value, text)
	}
}

// longestNumber bounds what is computed exactly; real numbers are far shorter.
const longestNumber = 1000

// decimal reads what Java's BigDecimal reads, with an exponent that can be computed.
func decimal(value string) (*big.Rat, bool) {
	for i := range len(value) {
		if strings.IndexByte("0123456789+-.eE", value[i]) < 0 {
			return nil, false
		}
	}
	if at := strings.IndexAny(value, "eE"); at >= 0 {
		const mostExponent = 400
		if exponent, err := strconv.Atoi(strings.TrimPrefix(value[at+1:], "+")); err != nil {
			return nil, false
		} else if exponent > mostExponent {
			return new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), 2*longestNumber), big.NewInt(1)), true
		} else if exponent < -mostExponent {
			return new(big.Rat).SetFrac64(1, math.MaxInt64), true
		}
	}
	return new(big.Rat).SetString(value)
}

// javaDouble takes from a text what Double.parseDouble passes over: blanks around it and a type's letter behind it.
func javaDouble(value string) string {
	value = strings.TrimFunc(value, func(r rune) bool { return r <= ' ' })
	if len(value) > 1 && strings.IndexByte("dDfF", value[len(value)-1]) >= 0 && value[len(value)-2] < utf8.RuneSelf && (value[len(value)-2] >= '0' && value[len(value)-2] <= '9' || value[len(value)-2] == '.') {
		return value[:len(value)-1]
	}
	return value
}

// fraction looks at a value of a floating type.
func (c *Checker) fraction(n *node, value string, text bool) {
	value = javaDouble(value)
	v, err := strconv.ParseFloat(value, 64)
	if err != nil && !math.IsInf(v, 0) || strings.ContainsAny(value, "_xXpP") || strings.EqualFold(value, "inf") {
		c.refuseNumber(n, NotANumber, value, text)
		return
	}
	if !c.schema.target.AtLeast(6, 0) {
		return // 5.x takes what becomes infinite (3-07)
	}
	const halfMost = 65520 // from here on a half_float rounds to infinity
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v), n.bits == 32 && math.IsInf(float64(float32(v)), 0), n.bits == 16 && math.Abs(v) >= halfMost:
		c.refuseNumber(n, NumberRange, value, text)
	}
}
