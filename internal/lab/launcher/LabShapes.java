// LabShapes answers: how does a node know geo_shape, when the module that names it (geo since 7.7, spatial since 8.0) is not
// among the published jars? The mapper itself lies in the server's jar; here it only gets its name, as that module does.
// SERVER is the first part of the server's packages, which the lab fills in before it compiles this.

import java.util.Map;
import SERVER.index.mapper.Mapper;
import SERVER.plugins.MapperPlugin;
import SERVER.plugins.Plugin;

public class LabShapes extends Plugin implements MapperPlugin {
    private static final String MAPPER = "SERVER.index.mapper.GeoShapeFieldMapper";

    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        try {
            return Map.of("geo_shape", parser());
        } catch (ReflectiveOperationException failure) {
            throw new IllegalStateException("this server's " + MAPPER + " has no parser", failure);
        }
    }

    /** Up to 7.10 and in OpenSearch the parser is a class of its own, later a field. */
    private static Mapper.TypeParser parser() throws ReflectiveOperationException {
        try {
            return (Mapper.TypeParser) Class.forName(MAPPER).getField("PARSER").get(null);
        } catch (NoSuchFieldException older) {
            return (Mapper.TypeParser) Class.forName(MAPPER + "$TypeParser").getConstructor().newInstance();
        }
    }
}
