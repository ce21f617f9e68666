// Package rehearsals tries `hikkoshi plan --rehearse` between real servers: what it finds, what it foretells, and that it
// leaves nothing wherever it is killed. It holds tests only.
package rehearsals
