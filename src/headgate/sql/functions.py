"""What Headgate knows of functions. A name that is not here is everything at once: the query that calls it is opaque.

The lists hold DuckDB's own names that are there, and ``CONSISTENT``, in its catalogue on every supported version; a
test compares them with the catalogue of the engine that is installed. Left out although the catalogue calls them
consistent: what depends on a session (``getvariable``), on names (``alias``) or on the clock (``age``).
"""

from __future__ import annotations

SCALARS = frozenset(
    """
    abs acos acosh apply array_append array_apply array_cat array_concat array_contains array_cosine_distance
    array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product array_extract
    array_filter array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
    array_intersect array_length array_negative_dot_product array_negative_inner_product array_pop_back
    array_pop_front array_position array_prepend array_push_back array_push_front array_reduce array_resize
    array_reverse array_reverse_sort array_select array_slice array_sort array_to_json array_to_string
    array_to_string_comma_default array_transform array_unique array_value array_where array_zip ascii asin
    asinh atan atan2 atanh base64 bin bit_count bit_length bit_position bitstring cardinality cbrt ceil ceiling
    century char_length character_length chr coalesce concat concat_ws contains cos cosh cot date_add date_diff
    date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear
    days_in_month decade decode degrees editdist3 element_at encode ends_with epoch epoch_ms epoch_ns epoch_us
    era even exp factorial fdiv filter flatten floor fmod format format_bytes from_base64 from_binary from_hex
    from_json gamma gcd get_bit grade_up greatest greatest_common_divisor hamming hash hex hour if ifnull instr
    isfinite isinf isnan isodow isoyear jaccard jaro_similarity jaro_winkler_similarity json_array
    json_array_length json_contains json_exists json_extract json_extract_path json_extract_path_text
    json_extract_string json_keys json_merge_patch json_object json_pretty json_quote json_structure
    json_transform json_type json_valid json_value julian last_day lcase lcm least least_common_multiple left
    left_grapheme len length length_grapheme levenshtein lgamma list_any_value list_append list_apply list_avg
    list_bit_and list_bit_or list_bit_xor list_bool_and list_bool_or list_cat list_concat list_contains
    list_cosine_distance list_cosine_similarity list_count list_distance list_distinct list_dot_product
    list_element list_extract list_filter list_first list_grade_up list_has list_has_all list_has_any
    list_indexof list_inner_product list_intersect list_last list_max list_median list_min
    list_negative_dot_product list_negative_inner_product list_pack list_position list_prepend list_product
    list_reduce list_resize list_reverse list_reverse_sort list_select list_slice list_sort list_stddev_pop
    list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp
    list_where list_zip ln log log10 log2 lower lpad ltrim make_date make_time make_timestamp make_timestamp_ms
    make_timestamp_ns make_timestamptz map map_concat map_contains map_entries map_extract map_extract_value
    map_from_entries map_keys map_values md5 md5_number microsecond millennium millisecond minute mismatches mod
    month monthname nanosecond nextafter nfc_normalize nullif nvl octet_length ord parse_dirname parse_dirpath
    parse_filename parse_formatted_bytes parse_path pi position pow power prefix printf quarter radians reduce
    regexp_escape regexp_extract regexp_extract_all regexp_full_match regexp_matches regexp_replace
    regexp_split_to_array replace reverse right right_grapheme round round_even roundbankers row row_to_json
    rpad rtrim second set_bit sha1 sha256 sign signbit sin sinh split split_part sqrt starts_with str_split
    str_split_regex strftime string_split string_split_regex string_to_array strip_accents strlen strpos
    strptime struct_concat struct_contains struct_extract struct_extract_at struct_has struct_indexof
    struct_insert struct_keys struct_pack struct_position struct_update struct_values substr substring
    substring_grapheme suffix tan tanh time_bucket timezone timezone_hour timezone_minute to_base to_base64
    to_binary to_centuries to_days to_decades to_hex to_hours to_json to_microseconds to_millennia
    to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years translate trim
    trunc try_strptime typeof ucase unbin unhex unicode union_extract union_tag union_value upper url_decode
    url_encode uuid_extract_timestamp uuid_extract_version week weekday weekofyear xor year yearweek
    """.split()
)
"""One value for one row, the same for the same arguments, whatever the order of rows."""

LIST_SCALARS = frozenset(
    """
    array_append array_apply array_cat array_concat array_distinct array_filter array_grade_up array_intersect
    array_pop_back array_pop_front array_prepend array_push_back array_push_front array_resize array_reverse
    array_reverse_sort array_select array_slice array_sort array_transform array_value array_where array_zip
    list_append list_apply list_cat list_concat list_distinct list_filter list_grade_up list_intersect list_pack
    list_prepend list_resize list_reverse list_reverse_sort list_select list_slice list_sort list_transform list_value
    list_where list_zip map_entries map_keys map_values regexp_extract_all regexp_split_to_array split str_split
    str_split_regex string_split string_split_regex string_to_array
    """.split()
)
"""Scalars that give a list, whatever they are given."""

NAMING_SCALARS = {"struct_insert": 1, "struct_pack": 0, "struct_update": 1, "union_value": 0}
"""Scalars whose members are named ``name := value``, or after a column where no name is given (seen); from which
argument on."""

VOLATILE = frozenset(
    """
    age ago current_date current_localtime current_localtimestamp current_time current_timestamp gen_random_uuid
    get_current_time get_current_timestamp localtime localtimestamp nextval now random today transaction_timestamp
    uuid uuidv4 uuidv7
    """.split()
)
"""One value for one row, another at each execution."""

EXACT_SCALARS = frozenset(
    """
    ascii bit_count bit_length cardinality century char_length character_length chr concat concat_ws contains
    date_diff datediff date_sub datesub day dayname dayofmonth dayofweek dayofyear decade editdist3 ends_with format
    hamming hex hour instr isfinite isinf isnan isodow isoyear lcase left len length levenshtein list_contains
    list_has list_indexof list_position lower lpad ltrim make_date md5 microsecond millennium millisecond minute
    month monthname octet_length ord prefix printf quarter regexp_escape regexp_extract regexp_full_match
    regexp_matches regexp_replace repeat replace reverse right rpad rtrim second sha1 sha256 split_part starts_with
    strftime strip_accents strlen strpos strptime substr substring suffix translate trim typeof ucase unicode upper
    week weekday weekofyear year yearweek json_extract_string
    """.split()
)
"""Scalars whose result is never a float, an interval or nested: equal values are the same bits."""

EXACT_IF_ARGUMENTS_ARE = frozenset(
    "abs ceil ceiling coalesce floor gcd greatest greatest_common_divisor if ifnull last_day lcm least "
    "least_common_multiple mod nullif nvl round sign trunc".split()
)
"""Scalars whose result is exact where all arguments are. ``round`` of a DECIMAL is one."""

ORDER_FREE_AGGREGATES = frozenset(
    "bit_and bit_or bit_xor bool_and bool_or count count_if count_star countif regr_count".split()
)
"""Aggregates whose result never depends on the order of rows, and is exact."""

ORDER_FREE_IF_EXACT = frozenset(
    "avg max mean median min percentile_cont percentile_disc quantile quantile_cont quantile_disc sum".split()
)
"""Aggregates whose result does not depend on the order of rows where the arguments, or WITHIN GROUP's, are exact."""

ORDER_FREE_IF_ORDERED = frozenset("array_agg group_concat list listagg string_agg".split())
"""Aggregates that are free of the rows' order where they are ordered by their own exact argument."""

ORDER_READING_AGGREGATES = frozenset(
    "any_value arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin first last max_by min_by mode".split()
)
"""Aggregates that choose between rows; ties and the order of rows decide."""

FLOATING_AGGREGATES = frozenset(
    """
    approx_count_distinct approx_quantile approx_top_k corr covar_pop covar_samp entropy favg fsum geomean
    geometric_mean histogram kahan_sum kurtosis kurtosis_pop mad product regr_avgx regr_avgy regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp sumkahan
    var_pop var_samp variance wavg weighted_avg
    """.split()
)
"""Aggregates in floating point or by approximation: threads reorder them."""

AGGREGATES = (
    ORDER_FREE_AGGREGATES | ORDER_FREE_IF_EXACT | ORDER_FREE_IF_ORDERED | ORDER_READING_AGGREGATES | FLOATING_AGGREGATES
)

PEER_WINDOWS = frozenset("cume_dist dense_rank percent_rank rank rank_dense".split())
"""Window functions that give equal values to rows that tie."""

TIE_WINDOWS = frozenset("fill first_value lag last_value lead nth_value ntile row_number".split())
"""Window functions whose result depends on how ties are broken."""

WINDOWS = PEER_WINDOWS | TIE_WINDOWS

SERIES = frozenset({"generate_series", "range"})
"""Table functions that are understood: one column, rows from the arguments alone."""

DYNAMIC_SQL = frozenset(
    """
    json_execute_serialized_sql query query_table
    database_to_xml query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml table_to_xml
    """.split()
)
"""Functions that run a text, or read what a text names: what they read cannot be seen."""

EXACT_TYPES = frozenset(
    """
    BIGINT BIT BLOB BOOLEAN DATE DECIMAL HUGEINT INTEGER SMALLINT TIME TIMESTAMP TIMESTAMP_MS TIMESTAMP_NS
    TIMESTAMP_S TINYINT UBIGINT UINTEGER USMALLINT UTINYINT UUID VARCHAR
    """.split()
) | {"TIMESTAMP WITH TIME ZONE"}
"""Types of which equal values are the same bits. Not so: floats (0.0 and -0.0), INTERVAL, TIMETZ, nested ones.
UHUGEINT is left out as well: it is added up, and added to other integers, as DOUBLE (seen)."""


def is_exact_type(type_: str) -> bool:
    """Tell whether equal values of an engine's type are the same bits. A type with a collation is not exact.

    >>> is_exact_type("DECIMAL(18,3)"), is_exact_type("DECIMAL(18,3)[]"), is_exact_type("DOUBLE")
    (True, False, False)
    """
    name, parenthesis, rest = type_.partition("(")
    if parenthesis and not (name == "DECIMAL" and rest.endswith(")")):
        return False
    return name in EXACT_TYPES
